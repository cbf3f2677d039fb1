# expect: deprecated-name 2:18
docker run -d -e SIZEW=1280 cosmos
