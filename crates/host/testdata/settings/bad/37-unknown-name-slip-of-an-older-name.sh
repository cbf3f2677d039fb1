# expect: unknown-name 2:18
docker run -d -e SIZWE=1280 cosmos
