# expect: bad-value 2:33
docker run -d -e COSMOS_ENCODER=nvenc cosmos
