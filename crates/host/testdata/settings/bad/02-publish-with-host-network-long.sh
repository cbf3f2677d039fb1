# expect: publish-with-host-network 2:30
docker run -d --network host --publish=8080:8080 cosmos
