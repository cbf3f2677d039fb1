# expect: no-login 2:36
docker run -d -e COSMOS_BASIC_AUTH=false cosmos
