# Which images run. A change here is reviewed like any other, and the deploy workflow releases it.
image_digests = {
  api       = "sha256:ad800c64a9ff7cc06142dc82cfac8840abfedff7e2397b02316fe98b00320ef9"
  frontend  = "sha256:0c604ed9ebc410535adea42c5f13343ec178109031a3d154dc086b8e07569b80"
  collector = "sha256:d0d47acc8388b0111683068b8eb86df6b96d06f49cf82960f4285a08534c09c8"
}
