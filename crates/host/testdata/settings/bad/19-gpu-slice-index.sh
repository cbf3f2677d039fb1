# expect: gpu-slice 2:41
docker run -d -e NVIDIA_VISIBLE_DEVICES=0:1 cosmos
