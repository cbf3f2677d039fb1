docker run \
  --detach \
  --name cosmos \
  --hostname cosmos \
  --restart unless-stopped \
  -p 9090:9090 \
  -p 9090:9090/udp \
  --read-only \
  --tmpfs /tmp:exec,mode=1777 \
  --shm-size 1g \
  --cap-drop all \
  --security-opt no-new-privileges \
  -v cosmos-home:/home/user \
  -e COSMOS_SOFTWARE=true \
  -e COSMOS_FRAMERATE=30 \
  -e COSMOS_LISTEN=0.0.0.0:9090 \
  cosmos:24.04
