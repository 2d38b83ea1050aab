# One image for every role; the command says which: api, intake, worker, provision.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/goaltrail
WORKDIR /src
COPY requirements.lock ./
RUN /opt/goaltrail/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY events events
COPY projections projections
COPY services services
RUN /opt/goaltrail/bin/pip install --no-deps --no-build-isolation --no-index .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home goaltrail
COPY --from=build /opt/goaltrail /opt/goaltrail
ENV PATH=/opt/goaltrail/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8642
ENTRYPOINT ["goaltrail"]
CMD ["api"]
