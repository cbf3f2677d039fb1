# First, after each start of the host: sudo install -d -m 1777 /run/lock/cosmos-gpu
docker run \
  --detach \
  --name cosmos \
  --hostname cosmos \
  --restart unless-stopped \
  --gpus 'count=1,"capabilities=compute,utility,graphics,video,display"' \
  -p 8080:8080 \
  -p 8080:8080/udp \
  --read-only \
  --tmpfs /tmp:exec,mode=1777 \
  --shm-size 1g \
  --cap-drop all \
  --security-opt no-new-privileges \
  -v cosmos-home:/home/user \
  -v /run/lock/cosmos-gpu:/run/lock/cosmos-gpu \
  -e COSMOS_SIZE=800x600 \
  -e 'COSMOS_SESSION=sh -c '\''echo "$HOME" $(id) \ `x`; exec mate-session'\''' \
  -e 'COSMOS_PWA_NAME=a: b # c' \
  cosmos:24.04
