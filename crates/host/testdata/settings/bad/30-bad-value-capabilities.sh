# expect: bad-value 2:45
docker run -d -e NVIDIA_DRIVER_CAPABILITIES=all,screen cosmos
