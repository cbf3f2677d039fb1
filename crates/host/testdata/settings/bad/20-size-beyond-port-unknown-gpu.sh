# expect: warning size-beyond-port 2:30
docker run -d -e COSMOS_SIZE=3840x2160 cosmos
