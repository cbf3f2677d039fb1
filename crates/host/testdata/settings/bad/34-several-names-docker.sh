# expect: several-names 2:41
docker run -d -e COSMOS_FRAMERATE=30 -e SELKIES_FRAMERATE=60 cosmos
