# expect: privileged 2:15
docker run -d --privileged -e COSMOS_SIZE=1280x720 cosmos
