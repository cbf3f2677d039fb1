# expect: secret-in-plain-text 2:34
docker run -d -e COSMOS_PASSWORD=hunter2x cosmos
