# expect: default-password 2:34
docker run -d -e COSMOS_PASSWORD=mypasswd cosmos
