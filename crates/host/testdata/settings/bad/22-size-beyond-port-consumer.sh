# expect: error size-beyond-port 2:31 --gpu RTX_3060 --driver 535.129.3
docker run -d -e COSMOS_WIDTH=2560 -e COSMOS_HEIGHT=1440 cosmos
