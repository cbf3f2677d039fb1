# expect: turn-both 2:77
docker run -d -e COSMOS_TURN_HOST=t -e COSMOS_TURN_SHARED_SECRET_FILE=/s -e COSMOS_TURN_PASSWORD_FILE=/p cosmos
