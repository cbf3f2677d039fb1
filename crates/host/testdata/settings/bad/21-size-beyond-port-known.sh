# expect: error size-beyond-port 2:30 --gpu T4 --driver 535.129.3
docker run -d -e COSMOS_SIZE=3840x2160 cosmos
