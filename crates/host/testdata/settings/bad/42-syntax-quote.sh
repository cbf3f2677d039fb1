# expect: syntax 2:15
docker run -e 'COSMOS_USER=ann cosmos
