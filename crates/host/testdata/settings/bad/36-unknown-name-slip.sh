# expect: unknown-name 2:18
docker run -d -e COSMOS_FRAMERAT=30 cosmos
