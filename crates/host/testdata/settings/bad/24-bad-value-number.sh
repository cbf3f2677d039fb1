# expect: bad-value 2:31
docker run -d -e COSMOS_WIDTH=wide cosmos
