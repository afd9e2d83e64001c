package rill.mutants;

import org.pitest.mutationtest.build.InterceptorParameters;
import org.pitest.mutationtest.build.MutationInterceptor;
import org.pitest.mutationtest.build.MutationInterceptorFactory;
import org.pitest.plugin.Feature;
import org.pitest.plugin.FeatureParameter;

/**
 * Registers {@link Sample} with PIT as the feature {@code sample}, as in {@code +sample(of[20] seed[1])}. PIT finds this class by its service file.
 */
public final class SampleFactory implements MutationInterceptorFactory {
    private static final FeatureParameter OF =
            FeatureParameter.named("of").withDescription("One mutant of so many is tried.");
    private static final FeatureParameter SEED =
            FeatureParameter.named("seed").withDescription("Which ones these are.");

    @Override
    public MutationInterceptor createInterceptor(InterceptorParameters parameters) {
        return new Sample(
                parameters.getInteger(OF).orElse(1), parameters.getInteger(SEED).orElse(1));
    }

    @Override
    public Feature provides() {
        return Feature.named("sample")
                .withOnByDefault(false)
                .withDescription(description())
                .withParameter(OF)
                .withParameter(SEED);
    }

    @Override
    public String description() {
        return "Takes a sample of all mutants";
    }
}
