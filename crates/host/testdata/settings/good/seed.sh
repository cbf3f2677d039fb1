# A container of the first launch scripts.
docker run --gpus 1 -it --tmpfs /dev/shm:rw \
  -e TZ=UTC -e SIZEW=1920 -e SIZEH=1080 -e REFRESH=60 -e DPI=96 -e CDEPTH=24 \
  -e VIDEO_PORT=DFP -e PASSWD_FILE=/run/secrets/account -e WEBRTC_ENCODER=nvh264enc \
  -e BASIC_AUTH_PASSWORD_FILE=/run/secrets/page \
  -p 8080:8080 ghcr.io/ehfd/nvidia-glx-desktop:latest
