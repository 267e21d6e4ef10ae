# A service that sends log records and a span, as its SDK would.
post() {
  wget -q -O - --header 'Content-Type: application/json' --post-data "$2" "$OTEL_EXPORTER_OTLP_ENDPOINT/v1/$1" || echo "not sent"
}
record() {
  post logs '{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityNumber": 9, "body": {"stringValue": "'"$1"'"}}]}]}]}'
}
echo "$OTEL_SERVICE_NAME $OTEL_EXPORTER_OTLP_PROTOCOL"
now=$(date +%s)
ids='"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"'
span='{'$ids', "name": "warm up", "startTimeUnixNano": "'$now'000000000", "endTimeUnixNano": "'$now'900000000"}'
post traces '{"resourceSpans": [{"scopeSpans": [{"spans": ['"$span"']}]}]}'
number=0
while number=$((number + 1)); do
  record "record $number"
  sleep 0.1
done
