# expect: encoder-not-on-gpu 2:33 --gpu T4
docker run -d -e COSMOS_ENCODER=nvav1enc cosmos
