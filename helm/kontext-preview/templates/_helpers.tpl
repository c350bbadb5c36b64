{{/* Names, labels and pod parts that several objects share. */}}

{{- define "kontext.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of the release's objects; 50 characters, so that the longest suffix fits into a DNS label. */}}
{{- define "kontext.fullname" -}}
{{- $name := include "kontext.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "kontext.sessions" -}}
{{- $name := .Values.sessions.namespace | default (printf "%s-sessions" (.Release.Namespace | default "default")) -}}
{{- if eq $name .Release.Namespace -}}
{{- fail "sessions.namespace must not be the namespace of the release: Secrets there are out of the reach of sessions" -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "kontext.secret" -}}
{{- .Values.existingSecret | default (include "kontext.fullname" .) -}}
{{- end -}}

{{- define "kontext.image" -}}
{{- .Values.images.controlPlane | default (printf "kontext-preview:%s" .Chart.AppVersion) -}}
{{- end -}}

{{- define "kontext.runtimeImage" -}}
{{- .Values.images.runtime | default (printf "kontext-preview-runtime:%s" .Chart.AppVersion) -}}
{{- end -}}

{{/* (dict "root" $ "component" "api") */}}
{{- define "kontext.selector" -}}
app.kubernetes.io/name: {{ include "kontext.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "kontext.labels" -}}
{{ include "kontext.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
What API, operator and waker have in common, and the `extra` of one: (dict "root" $ "extra" (dict "NAME" "value")). What is
empty is left out: Kubernetes would drop it, and every apply would look like a change. A change of any of it changes the
pod template, and so replaces the pods.
*/}}
{{- define "kontext.env" -}}
{{- $values := .root.Values -}}
{{- $common := dict
  "KONTEXT_NAMESPACE" (include "kontext.sessions" .root)
  "KONTEXT_CONTROL_NAMESPACE" .root.Release.Namespace
  "KONTEXT_SECRET" (include "kontext.secret" .root)
  "KONTEXT_RUNTIME" $values.defaultRuntime
  "KONTEXT_DOMAIN" $values.domain
  "KONTEXT_SCHEME" $values.scheme
  "KONTEXT_PUBLIC_PORT" ($values.publicPort | default "" | toString)
  "KONTEXT_ALLOWED_ORIGINS" (join "," $values.allowedOrigins)
  "KONTEXT_LOG_LEVEL" $values.logLevel
  "KONTEXT_PORT" "8080" -}}
{{- range $name, $value := merge $common .extra }}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Of every pod: (dict "root" $ "component" "api" "values" .Values.api) */}}
{{- define "kontext.podMetadata" -}}
labels:
  {{- include "kontext.selector" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "kontext.podSpec" -}}
serviceAccountName: {{ include "kontext.fullname" .root }}-{{ .component }}
{{ include "kontext.confined" . }}
{{- end -}}

{{/* Of a pod with or without a service account. */}}
{{- define "kontext.confined" -}}
enableServiceLinks: false
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 128Mi
{{- end -}}

{{/* Of the control plane's image, or of `image`: (dict … "port" "name" "image" "…") */}}
{{- define "kontext.container" -}}
image: {{ .image | default (include "kontext.image" .root) | quote }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
{{- with .port }}
ports:
  - name: {{ . }}
    containerPort: 8080
    protocol: TCP
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if eq .component "router" }}
  - name: config
    mountPath: /etc/kontext-preview
    readOnly: true
  {{- end }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
{{- end -}}

{{- define "kontext.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "kontext.selector" . | nindent 8 }}
{{- end -}}
