# The laboratory in a container, for machines with or without a GPU:
#   docker build -t interpretsynth .
#   docker run --rm -v "$PWD:/work" interpretsynth describe sound.wav
#   docker run --rm --gpus all -v "$PWD:/work" interpretsynth fit -c configs/experiments/descriptor_recordings.yaml ...
# Without a GPU, a third of the size: --build-arg CPU_WHEELS=ADDRESS, that of PyTorch's wheels for CPUs.
FROM debian:bookworm-slim
ARG CPU_WHEELS=
# hadolint ignore=DL3008  # the newest of Debian 12: versions of the libraries are in requirements.lock
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates ffmpeg git make python3.11 python3.11-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/interpretsynth
COPY . .
ENV PATH=/opt/interpretsynth/.venv/bin:$PATH PIP_NO_CACHE_DIR=1
RUN make .venv/ready CPU_WHEELS="$CPU_WHEELS" && chmod -R a+rX /opt/interpretsynth
WORKDIR /work
ENTRYPOINT ["timbre"]
CMD ["--help"]
