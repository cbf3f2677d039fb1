# First, after each start of the host: sudo install -d -m 1777 /run/lock/cosmos-gpu
# First: sudo install -D -m 600 -o 1000 /dev/stdin './pass word.txt'; type the secret and press Ctrl-D twice
# First: sudo install -D -m 600 -o 1000 /dev/stdin ./cosmos-secrets/turn_shared_secret; type the secret and press Ctrl-D twice
# First: sudo cosmos-launch guacamole --host cosmos --password-file './pass word.txt' | sudo install -D -m 600 -o 1001 /dev/stdin ./cosmos-guacamole/user-mapping.xml
docker network create cosmos
docker run \
  --detach \
  --name cosmos \
  --hostname cosmos \
  --restart unless-stopped \
  --network cosmos \
  --gpus 'count=2,"capabilities=compute,utility,graphics,video,display"' \
  -p 8080:8080 \
  -p 8080:8080/udp \
  --read-only \
  --tmpfs /tmp:exec,mode=1777 \
  --shm-size 1g \
  --cap-drop all \
  --security-opt no-new-privileges \
  -v cosmos-home:/home/user \
  -v /run/lock/cosmos-gpu:/run/lock/cosmos-gpu \
  --mount 'type=bind,source=./pass word.txt,target=/run/secrets/password,readonly' \
  -e COSMOS_PASSWORD_FILE=/run/secrets/password \
  --mount type=bind,source=./cosmos-secrets/turn_shared_secret,target=/run/secrets/turn_shared_secret,readonly \
  -e COSMOS_TURN_SHARED_SECRET_FILE=/run/secrets/turn_shared_secret \
  -e COSMOS_TURN_HOST=turn.example.org \
  -e TZ=Europe/Berlin \
  -e COSMOS_VNC_LISTEN=0.0.0.0:5900 \
  cosmos:24.04
docker run \
  --detach \
  --name cosmos-guacd \
  --network cosmos \
  --restart unless-stopped \
  --cap-drop all \
  --security-opt no-new-privileges \
  guacamole/guacd:1.6.0
docker run \
  --detach \
  --name cosmos-guacamole \
  --network cosmos \
  --restart unless-stopped \
  --cap-drop all \
  --security-opt no-new-privileges \
  -p 8081:8080 \
  --mount type=bind,source=./cosmos-guacamole,target=/users,readonly \
  -e GUACD_HOSTNAME=cosmos-guacd \
  -e GUACAMOLE_HOME=/users \
  guacamole/guacamole:1.6.0
