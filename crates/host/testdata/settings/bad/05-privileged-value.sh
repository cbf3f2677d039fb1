# expect: privileged 2:15
docker run -d --privileged=true cosmos
