# One image for all parts of Kwip; compose.yaml runs them. The tests do not cover it.
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends make python3-venv libcurl4 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/kwip kwip \
    && install -d -o kwip /srv/kwip-media
WORKDIR /opt/kwip
COPY . .
RUN make setup
USER kwip
ENV KWIP_HOME=/var/lib/kwip
ENTRYPOINT ["/opt/kwip/.venv/bin/kwip"]
