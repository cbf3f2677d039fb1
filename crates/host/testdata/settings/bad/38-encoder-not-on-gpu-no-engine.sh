# expect: encoder-not-on-gpu 2:33 --gpu H100
docker run -d -e COSMOS_ENCODER=nvh264enc cosmos
