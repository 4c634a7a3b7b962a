// SPDX-License-Identifier: EUPL-1.2
package interop;

import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Anchors and revocation lists from two directories; nothing is ever fetched. */
final class Trust {
    private Trust() {}

    static CommonCertificateVerifier verifier(Path anchors, Path crls) throws IOException {
        CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
        for (Path file : sorted(anchors)) {
            trusted.addCertificate(DSSUtils.loadCertificate(file.toFile()));
        }
        DSSDocument[] lists =
                sorted(crls).stream().map(p -> new FileDocument(p.toFile())).toArray(DSSDocument[]::new);
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.addTrustedCertSources(trusted);
        verifier.setCrlSource(new ExternalResourcesCRLSource(lists));
        verifier.setAIASource(null);
        verifier.setOcspSource(null);
        return verifier;
    }

    static List<Path> sorted(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
