# expect: encoder-not-on-gpu 2:33 --gpu RTX_3060
docker run -d -e COSMOS_ENCODER=vah264enc cosmos
