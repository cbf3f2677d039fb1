# expect: bad-value 2:41
docker run -d -e NVIDIA_VISIBLE_DEVICES=first cosmos
