# expect: publish-with-host-network 2:26
docker run -d --net=host -p 8080:8080 cosmos
