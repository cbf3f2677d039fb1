# expect: turn-incomplete 2:18
docker run -d -e COSMOS_TURN_SHARED_SECRET_FILE=/s cosmos
