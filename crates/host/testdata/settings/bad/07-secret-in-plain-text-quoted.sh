# expect: secret-in-plain-text 2:67
docker run -d -e COSMOS_TURN_HOST=t -e "COSMOS_TURN_SHARED_SECRET=abc" cosmos
