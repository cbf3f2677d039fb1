/* A libnvidia-ml of our own, for two GPUs. REFUSE is what nvmlInit_v2 answers; with LACKING, most of it is not there. */
#include <stdio.h>
#include <string.h>

#ifndef REFUSE
#define REFUSE 0
#endif

int nvmlInit_v2(void) { return REFUSE; }
#ifndef LACKING
int nvmlShutdown(void) { return 0; }
#endif

int nvmlSystemGetDriverVersion(char *text, unsigned length) {
    snprintf(text, length, "580.159.04");
    return 0;
}
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 13000; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(long)(index + 1); return 0; }
int nvmlDeviceGetName(void *device, char *text, unsigned length) {
    snprintf(text, length, (long)device == 1 ? "NVIDIA H200" : "NVIDIA GeForce RTX 4090");
    return 0;
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned length) {
    snprintf(text, length, "GPU-00000000-0000-0000-0000-%012lx", (long)device + 2);
    return 0;
}
struct pci {
    char old[16];
    unsigned domain, bus, device, id, subsystem;
    char text[32];
};
int nvmlDeviceGetPciInfo_v3(void *device, struct pci *pci) {
    memset(pci, 0, sizeof *pci);
    pci->bus = 0x3b + (unsigned)(long)device;
    pci->id = (long)device == 1 ? 0x233510de : 0x268410de;
    pci->subsystem = 0x18bf10de;
    snprintf(pci->text, sizeof pci->text, "00000000:%02X:00.0", pci->bus);
    return 0;
}
/* The container's indexes are 0 and 1; the host's minor numbers stay. */
int nvmlDeviceGetMinorNumber(void *device, unsigned *minor) { *minor = (unsigned)(long)device + 2; return 0; }
int nvmlDeviceGetBrand(void *device, unsigned *brand) { *brand = (long)device == 1 ? 14 : 99; return 0; }
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    *major = (long)device == 1 ? 9 : 8;
    *minor = (long)device == 1 ? 0 : 9;
    return 0;
}
int nvmlDeviceGetDisplayActive(void *device, unsigned *active) { *active = 0; return 0; }
/* Not supported on the second. */
int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
    *current = *pending = 1;
    return (long)device == 1 ? 0 : 3;
}
