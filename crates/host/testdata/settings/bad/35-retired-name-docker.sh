# expect: retired-name 2:18
docker run -d -e NGINX_PORT=80 cosmos
