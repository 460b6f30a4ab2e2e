/* A decay curve of two parameters.  As models do, it gives up on some of their values. */
#include <math.h>
#include <stdio.h>

int main(void) {
    double start, decay;
    FILE *file = fopen("model.in", "r");
    if (!file || fscanf(file, "%lf%lf", &start, &decay) != 2) {
        perror("model.in");
        return 2;
    }
    fclose(file);
    remove("model.out");
    if (decay > 0.5) return 3;
    file = fopen("model.out", "w");
    if (!file) {
        perror("model.out");
        return 4;
    }
    fprintf(file, "results\n");
    for (int time = 0; time < 6; time++)
        fprintf(file, "%4d %16.9e\n", time, start * exp(-decay * time));
    fclose(file);
    return 0;
}
