{{/* The configuration of nginx. tests/component/test_router.py runs it. */}}
{{- define "kontext.router.config" -}}
{{- $sessions := include "kontext.sessions" . -}}
{{- $proxy := .Values.routing.proxy -}}
{{- $below := printf "%s.svc.%s" $sessions $proxy.clusterDomain -}}
daemon off;
pid /tmp/nginx.pid;
worker_processes {{ $proxy.workers }};
worker_rlimit_nofile 65536;
# Sockets of pages stay open for hours: those that are left when it should end are closed, and come back.
worker_shutdown_timeout 10s;
# Hosts hold the ids of sessions, and an id is the key to one: nothing about a request is written down.
error_log stderr emerg;

events {
  # One for the visitor and one for the pod of each open socket.
  worker_connections 16384;
}

http {
  access_log off;
  server_tokens off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  # A session's address changes with its pod: it is asked for anew after a second, whatever the answer says of itself.
  resolver {{ $proxy.resolver }} valid=1s{{ if not $proxy.ipv6 }} ipv6=off{{ end }};
  # Together less than the two seconds in which a socket has to be answered.
  resolver_timeout 800ms;
  proxy_connect_timeout 1s;
  proxy_next_upstream_timeout 1s;

  # What comes is passed on as it comes: no buffers, no limits, and the host that the runtime checks.
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_request_buffering off;
  client_max_body_size 0;
  proxy_read_timeout 1h;
  proxy_send_timeout 1h;
  map $http_upgrade $connection_upgrade {
    default upgrade;
    "" close;
  }
  proxy_set_header Host $http_host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  tcp_nodelay on;

  # Whatever is no preview's host: kubelet's probes, and names below the domain that no session can have.
  server {
    listen 8080 default_server;
    {{- if $proxy.ipv6 }}
    listen [::]:8080 default_server;
    {{- end }}
    server_name _;
    set $waker {{ include "kontext.fullname" . }}-waker.{{ $below }}:8080;
    location = /healthz {
      return 200;
    }
    location / {
      proxy_pass http://$waker;
    }
  }

  server {
    listen 8080;
    {{- if $proxy.ipv6 }}
    listen [::]:8080;
    {{- end }}
    server_name "~^preview-(?<session>[a-z2-7]{26})\.{{ .Values.domain | replace "." "\\." }}$";
    set $pod preview-$session.{{ $below }}:8080;
    set $waker {{ include "kontext.fullname" . }}-waker.{{ $below }}:8080;
    location / {
      # Its own errors, never those of a preview: no such name, or nobody behind it any more.
      error_page 502 504 = @waker;
      proxy_pass http://$pod;
    }
    location @waker {
      proxy_pass http://$waker;
    }
  }
}
{{- end -}}

{{/* `*.<domain>` to one Service: (dict "root" $ "scope" $scope "name" "…" "annotations" (dict)) */}}
{{- define "kontext.wildcardIngress" -}}
{{- $values := .root.Values }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .name }}
  namespace: {{ include "kontext.sessions" .root }}
  labels:
    {{- include "kontext.labels" .scope | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with $values.ingress.tlsSecret }}
  tls:
    - hosts: [{{ printf "*.%s" $values.domain | quote }}]
      secretName: {{ . }}
  {{- end }}
  rules:
    - host: {{ printf "*.%s" $values.domain | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ .name }}
                port:
                  name: preview
{{- end -}}
