# expect: deprecated-name 2:21
docker run -d --env=SELKIES_FRAMERATE=30 cosmos
