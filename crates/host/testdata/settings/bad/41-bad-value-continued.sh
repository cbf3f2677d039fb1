# expect: bad-value 5:17
set -e
sudo podman run \
  --gpus all \
  -e COSMOS_DPI=5000 \
  -p 8080:8080 \
  cosmos
