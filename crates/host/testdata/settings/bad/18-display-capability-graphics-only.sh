# expect: display-capability 2:45
docker run -d -e NVIDIA_DRIVER_CAPABILITIES=graphics,utility,video cosmos
