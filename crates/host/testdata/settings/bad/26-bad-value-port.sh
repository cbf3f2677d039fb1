# expect: bad-value 2:29
docker run -d -e VIDEO_PORT=DP cosmos
