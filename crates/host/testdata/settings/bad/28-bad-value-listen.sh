# expect: bad-value 2:32
docker run -d -e COSMOS_LISTEN=8080 cosmos
