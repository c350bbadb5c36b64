{{/* What each component may do, and where. */}}

{{- define "kontext.rules.api.sessions" -}}
- apiGroups: [preview.coinnation.io]
  resources: [previewsessions]
  verbs: [get, list, create, patch, update]
- apiGroups: [preview.coinnation.io]
  resources: [previewruntimes]
  verbs: [get]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, update, patch]
{{- end -}}

{{- define "kontext.rules.api.control" -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "kontext.secret" . }}]
  verbs: [get]
{{- end -}}

{{- define "kontext.rules.operator.sessions" -}}
- apiGroups: [preview.coinnation.io]
  resources: [previewsessions]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [preview.coinnation.io]
  resources: [previewruntimes]
  verbs: [get, list, watch]
- apiGroups: [preview.coinnation.io]
  resources: [previewsessions/status, previewruntimes/status]
  verbs: [get, patch, update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [create, patch]
# What sessions hold the operator reads, and removes when it is over. It never writes it.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- define "kontext.rules.operator.control" -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "kontext.secret" . }}]
  verbs: [get]
{{- if not .Values.existingSecret }}
# A name cannot be asked for in `create`: the object's name is not known when it is authorised.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end }}
{{- end -}}

{{- define "kontext.rules.waker.sessions" -}}
- apiGroups: [preview.coinnation.io]
  resources: [previewsessions]
  verbs: [get, patch, update]
{{- end -}}
