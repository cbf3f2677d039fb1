# expect: turn-incomplete 2:40
docker run -d -e COSMOS_TURN_HOST=t -e COSMOS_TURN_USERNAME=u cosmos
