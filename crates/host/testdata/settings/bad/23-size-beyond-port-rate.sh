# expect: warning size-beyond-port 2:33 --gpu RTX_3060
docker run -d -e COSMOS_REFRESH=144 cosmos
