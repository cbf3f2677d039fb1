# expect: bad-value 2:35
docker run -d -e COSMOS_FRAMERATE=1000 cosmos
