# One image for every process of the production mode: web, daphne, worker, beat, migrate.

FROM python:3.11-slim AS packages
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=off \
    BIND_ADDRESS=0.0.0.0
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin orderchainer
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
# Otherwise each process would compile the code again at each start.
RUN python -m compileall -q .
# collectstatic needs settings that load, not the real secrets. These values exist in this step only.
RUN REDIS_URL=redis://localhost SECRET_KEY=for-this-step-only CREDENTIALS_KEYS=for-this-step-only \
        python manage.py collectstatic --noinput --verbosity 0 \
    && mkdir -p logs media private \
    && chown orderchainer logs media private \
    && chmod 750 private
USER orderchainer
EXPOSE 8000 8001
CMD ["gunicorn", "orderchainer.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--graceful-timeout", "10", \
     "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--max-requests", "20000", "--max-requests-jitter", "2000"]
