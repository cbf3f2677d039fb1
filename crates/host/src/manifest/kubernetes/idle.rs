//! Sleep for desktops that nobody watches: a job that runs every few minutes, with just the rights it needs.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec},
        core::v1::{
            Capabilities, ConfigMap, ConfigMapVolumeSource, Container, EmptyDirVolumeSource, EnvVar,
            EnvVarSource, KeyToPath, ObjectFieldSelector, PodSecurityContext, PodSpec, PodTemplateSpec,
            ProjectedVolumeSource, ResourceRequirements, SeccompProfile, SecretProjection, SecurityContext,
            ServiceAccount, Volume, VolumeMount, VolumeProjection,
        },
        rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject},
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};

use super::{
    Idle, Object,
    desktop::{Desktop, metadata},
    object::value,
    pod,
};
use crate::manifest::ManifestError;

/// The job of a fleet, or of one desktop.
struct Sleep<'a> {
    first: &'a Desktop<'a>,
    desktops: &'a [Desktop<'a>],
    idle: &'a Idle,
}

/// None where desktops stay awake.
pub(super) fn objects(desktops: &[Desktop<'_>]) -> Result<Vec<Object>, ManifestError> {
    let sleep = desktops
        .first()
        .and_then(|first| first.cluster.idle.as_ref().map(|idle| Sleep { first, desktops, idle }));
    sleep.map_or(Ok(Vec::new()), |sleep| sleep.objects())
}

impl Sleep<'_> {
    fn objects(&self) -> Result<Vec<Object>, ManifestError> {
        let account = ServiceAccount { metadata: self.metadata(""), ..ServiceAccount::default() };
        let script = BTreeMap::from([("idle.sh".to_owned(), SCRIPT.to_owned())]);
        let script =
            ConfigMap { metadata: self.metadata("-script"), data: Some(script), ..ConfigMap::default() };
        // Without data of ours, so that applying it once more leaves what the job has put there.
        let memory = ConfigMap { metadata: self.metadata("-since"), ..ConfigMap::default() };
        Ok(vec![
            Object::of(&account)?,
            Object::of(&self.role())?,
            Object::of(&self.binding())?,
            Object::of(&script)?,
            Object::of(&memory)?,
            Object::of(&self.job()?)?,
        ])
    }

    fn role(&self) -> Role {
        let rule = |group: &str, resource: &str, names: Vec<String>| PolicyRule {
            api_groups: Some(vec![group.to_owned()]),
            resources: Some(vec![resource.to_owned()]),
            resource_names: Some(names),
            verbs: vec!["get".to_owned(), "patch".to_owned()],
            ..PolicyRule::default()
        };
        let rules = vec![
            rule("apps", &format!("{}/scale", self.workloads()), self.names()),
            rule("", "configmaps", vec![self.name("-since")]),
        ];
        Role { metadata: self.metadata(""), rules: Some(rules) }
    }

    fn binding(&self) -> RoleBinding {
        let namespace =
            self.first.cluster.namespace.as_ref().map_or("default".to_owned(), ToString::to_string);
        let subject = Subject {
            kind: "ServiceAccount".to_owned(),
            name: self.name(""),
            namespace: Some(namespace),
            api_group: None,
        };
        let role = RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "Role".to_owned(),
            name: self.name(""),
        };
        RoleBinding { metadata: self.metadata(""), role_ref: role, subjects: Some(vec![subject]) }
    }

    fn job(&self) -> Result<CronJob, ManifestError> {
        let pod = PodTemplateSpec { metadata: Some(self.pod_metadata()), spec: Some(self.pod()?) };
        let job = JobSpec {
            active_deadline_seconds: Some(280),
            backoff_limit: Some(0),
            template: pod,
            ..JobSpec::default()
        };
        let spec = CronJobSpec {
            concurrency_policy: Some("Forbid".to_owned()),
            failed_jobs_history_limit: Some(1),
            job_template: JobTemplateSpec { metadata: None, spec: Some(job) },
            schedule: "*/5 * * * *".to_owned(),
            starting_deadline_seconds: Some(60),
            successful_jobs_history_limit: Some(1),
            ..CronJobSpec::default()
        };
        Ok(CronJob { metadata: self.metadata(""), spec: Some(spec), status: None })
    }

    fn pod(&self) -> Result<PodSpec, ManifestError> {
        let seccomp = SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None };
        let security = PodSecurityContext {
            run_as_group: Some(NOBODY),
            run_as_non_root: Some(true),
            run_as_user: Some(NOBODY),
            fs_group: Some(NOBODY),
            seccomp_profile: Some(seccomp),
            ..PodSecurityContext::default()
        };
        Ok(PodSpec {
            containers: vec![self.container()?],
            enable_service_links: Some(false),
            restart_policy: Some("Never".to_owned()),
            security_context: Some(security),
            service_account_name: Some(self.name("")),
            volumes: Some(self.volumes()),
            ..PodSpec::default()
        })
    }

    fn container(&self) -> Result<Container, ManifestError> {
        let security = SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
            read_only_root_filesystem: Some(true),
            ..SecurityContext::default()
        };
        let quantities = |cpu: &str, memory: &str| {
            let pairs = [("cpu", cpu), ("memory", memory)];
            Some(pairs.map(|(name, quantity)| (name.to_owned(), Quantity(quantity.to_owned()))).into())
        };
        Ok(Container {
            name: "idle".to_owned(),
            image: Some(self.idle.image.to_string()),
            command: Some(vec!["/bin/sh".to_owned(), format!("{SCRIPTS}/idle.sh")]),
            args: Some(self.names()),
            env: Some(self.variables()?),
            resources: Some(ResourceRequirements {
                claims: None,
                limits: quantities("100m", "64Mi"),
                requests: quantities("10m", "16Mi"),
            }),
            security_context: Some(security),
            volume_mounts: Some(vec![
                mount("script", SCRIPTS),
                mount("passwords", LOGINS),
                mount("tmp", "/tmp"),
            ]),
            ..Container::default()
        })
    }

    fn variables(&self) -> Result<Vec<EnvVar>, ManifestError> {
        let plain = |name: &str, value: String| EnvVar {
            name: name.to_owned(),
            value: Some(value.replace('$', "$$")),
            value_from: None,
        };
        let field = ObjectFieldSelector { api_version: None, field_path: "metadata.namespace".to_owned() };
        let namespace = EnvVar {
            name: "NAMESPACE".to_owned(),
            value: None,
            value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        };
        let seconds = u32::from(self.idle.minutes) * 60;
        Ok(vec![
            plain("ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount".to_owned()),
            plain("API", "https://kubernetes.default.svc".to_owned()),
            plain("IDLE_SECONDS", seconds.to_string()),
            // As it stands in JSON.
            plain("DESKTOP_USER", value(&self.first.container.user)?.to_string()),
            plain("NOTES", self.name("-since")),
            namespace,
            plain("DESKTOP_LOGINS", LOGINS.to_owned()),
            plain("DESKTOP_PORT", self.first.container.port.to_string()),
            plain("WORKLOADS", self.workloads().to_owned()),
        ])
    }

    fn volumes(&self) -> Vec<Volume> {
        let script = ConfigMapVolumeSource { name: self.name("-script"), ..ConfigMapVolumeSource::default() };
        let sources: Vec<VolumeProjection> = self.desktops.iter().filter_map(password).collect();
        let passwords = ProjectedVolumeSource { default_mode: Some(0o440), sources: Some(sources) };
        let volume = |name: &str| Volume { name: name.to_owned(), ..Volume::default() };
        vec![
            Volume { config_map: Some(script), ..volume("script") },
            Volume { projected: Some(passwords), ..volume("passwords") },
            Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..volume("tmp") },
        ]
    }

    fn workloads(&self) -> &'static str {
        if self.first.is_stateful() { "statefulsets" } else { "deployments" }
    }

    fn names(&self) -> Vec<String> {
        self.desktops.iter().map(|desktop| desktop.name.to_string()).collect()
    }

    fn name(&self, part: &str) -> String {
        format!("{}-idle{part}", self.first.container.place.name)
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("app".to_owned(), self.name(""))])
    }

    fn metadata(&self, part: &str) -> ObjectMeta {
        metadata(self.first.container, self.first.cluster, &self.name(part), self.labels())
    }

    fn pod_metadata(&self) -> ObjectMeta {
        ObjectMeta { labels: Some(self.labels()), ..ObjectMeta::default() }
    }
}

/// One that is not there yet must not keep the others awake.
fn password(desktop: &Desktop<'_>) -> Option<VolumeProjection> {
    let login = pod::login(desktop)?;
    let item = KeyToPath { key: login.key, path: desktop.name.to_string(), mode: None };
    let secret = SecretProjection { name: login.name, items: Some(vec![item]), optional: Some(true) };
    Some(VolumeProjection { secret: Some(secret), ..VolumeProjection::default() })
}

fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: (name != "tmp").then_some(true),
        ..VolumeMount::default()
    }
}

const SCRIPT: &str = include_str!("idle.sh");
const SCRIPTS: &str = "/etc/cosmos";
const LOGINS: &str = "/run/secrets/desktops";
/// The user that owns nothing.
const NOBODY: i64 = 65534;
