# expect: warning no-login 2:36
docker run -d -e COSMOS_BASIC_AUTH=no -e COSMOS_ALLOW_INSECURE=yes cosmos
