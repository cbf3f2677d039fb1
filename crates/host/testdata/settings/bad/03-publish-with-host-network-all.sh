# expect: publish-with-host-network 2:15
docker run -d -P --net host cosmos
