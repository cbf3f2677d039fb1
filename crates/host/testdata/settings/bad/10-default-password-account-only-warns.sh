# expect: warning default-password 2:73
docker run -d -e COSMOS_PASSWORD_FILE=/run/p -e COSMOS_ACCOUNT_PASSWORD=mypasswd cosmos
